// Hears what others do while a page is open: keeps the frame's figures, announces what came, and shows it when asked.
// Only the page that is looked at listens, so that many open tabs hold one connection.

const note = document.querySelector("#news");
const toast = note.querySelector(".toast");
const link = note.querySelector("[data-show]");
const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const deal = decodeURIComponent(location.pathname.match(/^\/deals\/([^/]+)/)?.[1] ?? "");
const lists = /^\/(inbox|deals|ledger|ledger\/transactions|consortium|processes|efficiency|new-deal)?\/?$/;
let since = Number(note.dataset.since);
let came = 0;
let stream = null;

// How many of the acts that came concern this page.
const concerning = (news) => {
  if (deal) return news.deals.find((each) => each.id === deal)?.acts ?? 0;
  return lists.test(location.pathname) ? news.total : 0;
};

const frame = (now) => {
  for (const place of document.querySelectorAll("[data-now]")) {
    const number = now[place.dataset.now];
    place.textContent = number.toLocaleString("en");
    if (place.classList.contains("count")) place.hidden = number === 0;
  }
};

const announce = (news) => {
  since = news.height;
  const concerned = concerning(news);
  if (!concerned) return;
  came += concerned;
  toast.hidden = false;
  link.hidden = document.querySelector("main :is(:user-valid, :user-invalid)") !== null; // what was begun is not lost
  note.querySelector("[data-count]").textContent =
    came === 1 ? note.dataset.one : note.dataset.many.replace("{number}", came.toLocaleString("en"));
  const last = news.acts.find((act) => !deal || act.deal === deal);
  note.querySelector("[data-latest]").textContent = last ? `${last.by[lang]} ${last.what[lang]}` : "";
};

const listen = () => {
  if (document.visibilityState === "hidden") {
    stream?.close();
    stream = null;
  } else if (stream === null) {
    stream = new EventSource(`/live?since=${since}`);
    stream.addEventListener("now", (event) => frame(JSON.parse(event.data)));
    stream.addEventListener("news", (event) => announce(JSON.parse(event.data)));
  }
};

// The page's content is fetched and put in place of the old; a page with its own island is loaded again instead.
const show = async (event) => {
  if (document.querySelector("[data-job], [data-samples-of], main .drop")) return;
  event.preventDefault();
  const answer = await fetch(link.href).catch(() => null);
  if (!answer?.ok) {
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const opened = new Set([...document.querySelectorAll("main details[open] > summary")].map((each) => each.textContent));
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
  document.querySelector("#nav").replaceChildren(...fresh.querySelector("#nav").childNodes);
  for (const summary of document.querySelectorAll("main details > summary"))
    if (opened.has(summary.textContent)) summary.parentElement.open = true;
  came = 0;
  toast.hidden = true;
  document.querySelector("main").focus({ preventScroll: true });
};

link.addEventListener("click", show);
note.querySelector("[data-close]").addEventListener("click", () => {
  toast.hidden = true;
});
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => stream?.close());
listen();
