"use strict";
// A transition between two pages that the browser skips is no error: the page is there all the same.
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError" && event.reason.message.includes("Transition")) event.preventDefault();
});
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("docs");
  window.SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true, validatorUrl: null, tryItOutEnabled: true });
});
