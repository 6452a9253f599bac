"use strict";
(function () {
  var box = document.getElementById("words");
  var status = document.getElementById("shown");
  var all = Array.prototype.slice.call(document.querySelectorAll("[data-filter]"));
  var texts = null;
  var waiting = 0;
  function apply() {
    waiting = 0;
    texts = texts || all.map(function (one) { return one.textContent.toLowerCase(); });
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    all.forEach(function (one, at) {
      var wanted = words.every(function (word) { return texts[at].indexOf(word) !== -1; });
      if (one.hidden === wanted) { one.hidden = !wanted; }
      count += wanted ? 1 : 0;
    });
    status.textContent = words.length ? count + " of " + all.length + " shown" : "";
  }
  box.addEventListener("input", function () {
    if (waiting) { window.clearTimeout(waiting); }
    waiting = window.setTimeout(apply, 80);
  });
  window.addEventListener("hashchange", function () {
    var target = document.getElementById(window.location.hash.slice(1));
    if (target) {
      for (var one = target; one; one = one.parentElement) {
        if (one.tagName === "DETAILS") { one.open = true; }
      }
      if (target.closest("[hidden]")) { box.value = ""; apply(); }
      target.scrollIntoView();
    }
  });
  document.getElementById("filter").hidden = false;
}());
