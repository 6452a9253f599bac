#!/usr/bin/env python3
"""Opens a page in Chromium and prints what it does there, as JSON: for tests/reports/html/browser.rs, which says what it should do.

    browser.py CHROMEDRIVER PAGE [SCREENSHOTS]

It speaks WebDriver (https://www.w3.org/TR/webdriver2/) with a chromedriver that it starts and ends, and asks Chromium through it for
what WebDriver has no words for: colour schemes, small screens, PDF. With a third argument it leaves screenshots in that folder.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

TAB, ENTER = "\ue004", "\ue007"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

#: The least contrast of text with what is behind it, and where that is; every element with text of its own that is shown.
CONTRAST = """
const parse = text => {
  let found = text.match(/^rgba?\\(([^)]+)\\)$/);
  if (found) { const p = found[1].split(/[ ,\\/]+/).map(Number); return [p[0], p[1], p[2], p.length > 3 ? p[3] : 1]; }
  found = text.match(/^color\\(srgb ([^)]+)\\)$/);
  if (found) {
    const p = found[1].split(/[ \\/]+/).map(Number);
    return [p[0] * 255, p[1] * 255, p[2] * 255, p.length > 3 ? p[3] : 1];
  }
  throw new Error("what colour is " + text + "?");
};
const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const behind = one => {
  const layers = [];
  for (let at = one; at; at = at.parentElement) { layers.push(parse(getComputedStyle(at).backgroundColor)); }
  return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
};
const light = colour => {
  const [r, g, b] = colour.slice(0, 3).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
let least = { ratio: 21, text: "", looked: 0 };
for (const one of document.querySelectorAll("body *")) {
  if (least.looked >= 4000) { break; }
  const own = Array.from(one.childNodes).filter(node => node.nodeType === 3 && node.data.trim()).map(node => node.data.trim()).join(" ");
  if (!own || ["SCRIPT", "STYLE"].includes(one.tagName) || !one.getClientRects().length) { continue; }
  let opacity = 1;
  for (let at = one; at; at = at.parentElement) { opacity *= Number(getComputedStyle(at).opacity); }
  const ground = behind(one), ink = parse(getComputedStyle(one).color);
  const pair = [light(over([...ink.slice(0, 3), ink[3] * opacity], ground)), light(ground)].sort((a, b) => b - a);
  const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
  least.looked += 1;
  if (ratio < least.ratio) { least = { ...least, ratio, text: own.slice(0, 60) + " in " + one.className }; }
}
return { ...least, ground: getComputedStyle(document.body).backgroundColor, ink: getComputedStyle(document.body).color };
"""

#: What a text that was taken for markup would have left behind.
INJECTED = """
const foreign = "img, iframe, object, embed, link, base, form, svg, video, audio, template";
const handlers = Array.from(document.querySelectorAll("*")).filter(one => Array.from(one.attributes).some(a => /^on/i.test(a.name)));
const away = Array.from(document.querySelectorAll("a[href]")).map(a => a.getAttribute("href"));
return {
  scripts: document.scripts.length, styles: document.querySelectorAll("style, [style]").length,
  foreign: document.querySelectorAll(foreign).length, handlers: handlers.length,
  scheme: away.filter(to => !/^(#|https?:)/.test(to)), loaded: performance.getEntriesByType("resource").length,
  ran: typeof window.hacked !== "undefined", nodes: document.querySelectorAll("*").length,
  headings: Array.from(document.querySelectorAll("h1, h2")).map(one => one.textContent),
  dangling: away.filter(to => to.startsWith("#") && !document.getElementById(to.slice(1))),
  twice: document.querySelectorAll("[id]").length - new Set(Array.from(document.querySelectorAll("[id]")).map(one => one.id)).size,
};
"""

#: When the page was there, and whether something took long; nothing is held to it.
TIMES = """
const done = arguments[0];
const entry = performance.getEntriesByType("navigation")[0];
const tasks = [];
new PerformanceObserver(list => tasks.push(...list.getEntries().map(one => Math.round(one.duration))))
  .observe({ type: "longtask", buffered: true });
setTimeout(() => done({
  interactive: Math.round(entry.domInteractive), complete: Math.round(entry.loadEventEnd), long_tasks: tasks }), 300);
"""


class Browser:
    """A session of Chromium."""

    def __init__(self, driver: str):
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.driver.stdout is not None
        port = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found.group(1)
                break
        if port is None:
            sys.exit("chromedriver does not start")
        self.base = f"http://127.0.0.1:{port}/session"
        args = ["--headless=new", "--window-size=1280,900", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Chromium's sandbox refuses to run as root.
            args.append("--no-sandbox")
        wanted = {
            "goog:chromeOptions": {"args": args}, "goog:loggingPrefs": {"browser": "ALL"}, "unhandledPromptBehavior": "ignore"}
        made = self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/" + made["sessionId"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One command and its value."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, method=method, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode(errors="replace")) from error

    def run(self, script: str) -> Any:
        return self.ask("POST", "/execute/sync", {"script": script, "args": []})

    def run_async(self, script: str) -> Any:
        return self.ask("POST", "/execute/async", {"script": script, "args": []})

    def chromium(self, command: str, **params: Any) -> Any:
        """What only Chromium knows."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def press(self, key: str) -> None:
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def alert(self) -> bool:
        try:
            self.ask("GET", "/alert/text")
            return True
        except RuntimeError:
            return False

    def scheme(self, wanted: str, media: str = "") -> None:
        self.chromium("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": wanted}])

    def screenshot(self, folder: str | None, name: str, width: int = 1280, whole: bool = False) -> None:
        if folder:
            height = min(self.run("return document.documentElement.scrollHeight"), 12000) if whole else 900
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            shot = self.chromium("Page.captureScreenshot", format="png", captureBeyondViewport=whole, clip=clip)
            with open(os.path.join(folder, name + ".png"), "wb") as file:
                file.write(base64.b64decode(shot["data"]))

    def close(self) -> None:
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


def keyboard(browser: Browser) -> dict[str, Any]:
    """Where Tab and Enter lead."""
    active = "return [document.activeElement.className, document.activeElement.tagName, document.activeElement.id]"
    browser.press(TAB)
    first = browser.run(active)
    seen = browser.run(
        "const s = getComputedStyle(document.activeElement), r = document.activeElement.getBoundingClientRect();"
        "return s.outlineStyle !== 'none' && r.top >= 0 && r.bottom <= innerHeight")
    browser.press(ENTER)
    after = browser.run(active)
    stops, summary, opened, closed = 0, False, False, False
    while stops < 200 and not summary:
        browser.press(TAB)
        stops += 1
        summary = browser.run(active)[1] == "SUMMARY"
    if summary:
        held = "return document.activeElement.parentElement.open"
        browser.press(ENTER)
        opened = browser.run(held)
        browser.press(ENTER)
        closed = not browser.run(held)
    return {"first": first, "seen": seen, "after_enter": after, "summary": summary, "opened": opened, "closed": closed}


def narrow(browser: Browser, folder: str | None) -> dict[str, Any]:
    """How wide it is on a small screen, folded and unfolded."""
    browser.chromium("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    browser.run("window.scrollTo(0, 0)")
    width = "return Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    folded = browser.run(width)
    browser.screenshot(folder, "narrow", 360, whole=True)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    unfolded = browser.run(width)
    browser.screenshot(folder, "narrow-unfolded", 360, whole=True)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = false; })")
    browser.chromium("Emulation.clearDeviceMetricsOverride")
    return {"folded": folded, "unfolded": unfolded}


def filtered(browser: Browser, word: str) -> dict[str, Any]:
    """What typing into the filter leaves, and that emptying it brings all back."""
    box = browser.ask("POST", "/element", {"using": "css selector", "value": "#words"})[ELEMENT]
    count = "return [document.querySelectorAll('[data-filter]').length, document.querySelectorAll('[data-filter]:not([hidden])').length]"
    all_of_them, before = browser.run(count)
    browser.ask("POST", f"/element/{box}/value", {"text": word})
    time.sleep(0.4)
    left = browser.run(count)[1]
    said = browser.run("return document.getElementById('shown').textContent")
    browser.ask("POST", f"/element/{box}/clear", {})
    browser.run("document.getElementById('words').dispatchEvent(new Event('input'))")
    time.sleep(0.4)
    return {"all": all_of_them, "before": before, "left": left, "said": said, "after": browser.run(count)[1]}


def anchored(browser: Browser) -> bool:
    """Whether following the link to the last line that is linked shows it."""
    return bool(browser.run_async("""
      const done = arguments[0];
      const links = Array.from(document.querySelectorAll("a[href^='#text-']"));
      if (!links.length) { done(true); return; }
      const last = links[links.length - 1];
      last.click();
      setTimeout(() => {
        const box = document.getElementById(last.getAttribute("href").slice(1)).getBoundingClientRect();
        done(box.height > 0 && box.top >= -1 && box.bottom <= innerHeight + 1);
      }, 300);
    """))


def main() -> None:
    driver, page = sys.argv[1], os.path.abspath(sys.argv[2])
    folder = sys.argv[3] if len(sys.argv) > 3 else None
    word = os.environ.get("FILTER_WORD", "permit")
    browser = Browser(driver)
    try:
        browser.scheme("light")
        browser.ask("POST", "/url", {"url": "file://" + page})
        found: dict[str, Any] = {"alert": browser.alert(), "times": browser.run_async(TIMES)}
        found["injected"] = browser.run(INJECTED)
        found["keyboard"] = keyboard(browser)
        browser.run("window.scrollTo(0, 0); document.activeElement.blur()")
        found["light"] = browser.run(CONTRAST)
        browser.screenshot(folder, "light", whole=True)
        browser.scheme("dark")
        found["dark"] = browser.run(CONTRAST)
        browser.screenshot(folder, "dark", whole=True)
        browser.scheme("light")
        found["narrow"] = narrow(browser, folder)
        found["filter"] = filtered(browser, word)
        found["anchored"] = anchored(browser)
        browser.scheme("light", "print")
        browser.run("window.scrollTo(0, 0)")
        browser.screenshot(folder, "print", whole=True)
        pdf = base64.b64decode(browser.chromium("Page.printToPDF", printBackground=True)["data"])
        if folder:
            with open(os.path.join(folder, "print.pdf"), "wb") as file:
                file.write(pdf)
        found["print"] = {"pages": len(re.findall(rb"/Type\s*/Page\b", pdf)), "bytes": len(pdf)}
        browser.scheme("light")
        found["alert_later"] = browser.alert()
        found["console"] = [one["message"] for one in browser.ask("POST", "/se/log", {"type": "browser"})]
    finally:
        browser.close()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
