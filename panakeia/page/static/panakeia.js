/* What script adds to pages that are whole without it: links and forms that fetch only what changes, a filter that
   applies itself, and focus that goes where the eye goes. */
"use strict";
(function () {
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-applies]");
    if (form) form.requestSubmit();
  });
  const busy = (is) => (event) => {
    const told = document.getElementById("busy");
    if (told && event.detail.boosted) told.hidden = !is; // what is fetched into an open page keeps nobody waiting
  };
  document.addEventListener("htmx:beforeRequest", busy(true));
  document.addEventListener("htmx:afterRequest", busy(false));
  document.addEventListener("htmx:beforeSwap", (event) => {
    event.detail.shouldSwap = true; // a page that says what is wrong is shown too
    event.detail.isError = false;
  });
  let last = null; // what had the focus, so that a filter keeps it
  document.addEventListener("htmx:beforeRequest", () => {
    const at = document.activeElement;
    last = at && at.id && at.closest("form") ? at.id : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== document.body) return;
    const held = last && document.getElementById(last);
    if (held) held.focus({ preventScroll: true });
    else if (event.detail.boosted) {
      window.scrollTo(0, 0);
      const main = document.getElementById("main");
      if (main) main.focus({ preventScroll: true });
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.querySelector("input[type=search]");
    if (box) {
      event.preventDefault();
      box.focus();
    }
  });
  // a slider beside a number: each follows the other; only the number is sent
  document.addEventListener("input", (event) => {
    const one = event.target;
    const other = one.dataset.of ? document.getElementById(one.dataset.of) : document.querySelector(`[data-of="${one.id}"]`);
    if (other) other.value = one.value;
  });
  const sliders = () => document.querySelectorAll("input[data-of][hidden]").forEach((one) => (one.hidden = false));
  sliders();
  document.addEventListener("htmx:afterSettle", sliders);
})();
