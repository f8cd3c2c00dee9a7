// Times of the server, which are in UTC, in the viewer's own time zone.

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(/** @type {HTMLTimeElement} */ (time).dateTime);
  /** @type {HTMLElement} */ (time).title = `${time.textContent}`;
  time.textContent = MOMENT.format(moment);
}
