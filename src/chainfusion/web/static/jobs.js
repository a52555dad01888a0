// Follows a job without loading its page again: stage and count as they come, and on to its result when it has ended.

const place = document.querySelector("[data-job]");
const every = 700;

const show = (job, bar, count, name) => {
  const stage = job.stages.find((each) => each.name === job.stage);
  const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  if (stage) name.textContent = stage.title[lang];
  const numbers = [job.done, job.of].map((each) => each.toLocaleString("en"));
  count.textContent = job.of ? numbers.join(" / ") : "";
  if (job.per_cent === null) bar.removeAttribute("value");
  else bar.value = job.per_cent;
  for (const line of job.stages) {
    const mark = place.querySelector(`[data-stage="${line.name}"] .st`);
    if (mark) mark.className = `st st-${{ done: "done", now: "wait", ahead: "todo", stopped: "void" }[line.stands]}`;
  }
};

const follow = async () => {
  const answer = await fetch(place.dataset.job, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) {
    const job = await answer.json();
    if (!job.is_open) {
      const on = job.state === "done" && place.dataset.then;
      if (on) location.assign(place.dataset.then);
      else location.reload();
      return;
    }
    show(job, place.querySelector("progress"), place.querySelector("[data-count]"), place.querySelector("[data-stage-name]"));
  }
  setTimeout(follow, every);
};

if (place) setTimeout(follow, every);
