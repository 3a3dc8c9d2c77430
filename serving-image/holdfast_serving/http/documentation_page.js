"use strict";
const find = (id) => document.getElementById(id);

// Where people really reach this server, which may be behind a proxy or speak TLS.
find("curl").textContent = find("curl").textContent.replace(/http:\/\/[^/\s]+/, location.origin);

find("copy").addEventListener("click", async () => {
  const button = find("copy");
  try {
    await navigator.clipboard.writeText(find("curl").textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(find("curl"));  // without TLS browsers have no clipboard for pages
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});

find("try").addEventListener("submit", async (event) => {
  event.preventDefault();
  const started = performance.now();
  find("status").textContent = "…";
  try {
    const answer = await fetch(event.target.dataset.path, { method: "POST", body: find("body").value });
    const text = await answer.text();
    find("status").textContent = `${answer.status} in ${(performance.now() - started).toFixed(1)} ms`;
    find("answer").textContent = text;
  } catch (error) {
    find("status").textContent = "no answer";
    find("answer").textContent = String(error);
  }
  find("answer").hidden = false;
});
