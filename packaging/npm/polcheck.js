#!/usr/bin/env node
// Starts the program that the package for this platform carries, with the same arguments, streams and exit code.
"use strict";

const { spawnSync } = require("node:child_process");

function name() {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return base;
  // Node says which C library it runs on; where both packages are there, only one fits.
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return `${base}-${glibc ? "gnu" : "musl"}`;
}

const wanted = `@polcheck/${name()}`;
let program;
try {
  program = require.resolve(`${wanted}/bin/polcheck${process.platform === "win32" ? ".exe" : ""}`);
} catch {
  console.error(`polcheck: ${wanted} is not installed: it is an optional dependency of polcheck, so install without`);
  console.error("--omit=optional; if there is no such package, no program is released for this platform");
  process.exit(2);
}
const done = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (done.error) {
  console.error(`polcheck: ${program} cannot be started: ${done.error.message}`);
  process.exit(2);
}
if (done.signal) process.kill(process.pid, done.signal);
process.exit(done.status ?? 2);
