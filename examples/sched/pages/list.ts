import type { Appointment, Fields } from '../appointment.ts';
import { LENGTHS } from '../appointment.ts';
import { MOST } from '../book.ts';
import { byDay, type Day, dayAndMonth, dayName, dayOf, daysAfter, longDate, shortWeekday, timeOf } from '../days.ts';
import { form } from '../form.ts';
import { type Html, html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';

export interface ListOptions {
  /** In their order. */
  readonly appointments: readonly Appointment[];
  readonly draft: Fields | undefined;
  readonly now: Date;
}

/** All appointments by day: what comes next stands first, what is over is folded away. */
export function listPage(view: View, { appointments, draft, now }: ListOptions): string {
  const today = dayOf(now);
  const ahead = appointments.filter(({ date }) => date >= today);
  const over = appointments.filter(({ date }) => date < today);
  const next = ahead.find(({ date, time }) => date > today || time >= timeOf(now));
  const full = appointments.length >= MOST;
  const body = html`<div class="head">
<div>
<h1>Appointments</h1>
<p class="lead">${next === undefined ? 'Nothing ahead.' : html`Next: <strong>${next.title}</strong>, ${dayName(next.date, today).toLowerCase()} at ${next.time}.`}</p>
</div>
${!full && html`<a class="button primary" href="/new">New appointment</a>`}
</div>
${full && html`<div class="message note" role="status">This book is full: it keeps ${MOST} appointments. Delete one to make room.</div>`}
${draft && draftNote(view, draft)}
${weekStrip(ahead, today)}
${ahead.length === 0 && html`<p class="empty">Your book is empty from here on. <a href="/new">Add an appointment</a> and it waits for you on every device.</p>`}
${byDay(ahead).map((day) => section(day, today, next))}
${
  over.length > 0 &&
  html`<details class="over"><summary>Earlier appointments (${over.length})</summary>
${byDay(over)
  .reverse()
  .map((day) => section(day, today, next))}
</details>`
}
<p class="count">${appointments.length} of ${MOST} places taken</p>`;
  return layout(view, { title: 'Appointments', at: '/', body });
}

/** Tells that a draft is kept, and lets go of it. */
function draftNote(view: View, draft: Fields): Html {
  return html`<aside class="draft" aria-label="Draft">
<p><strong>Draft kept:</strong> ${draft.title || 'an appointment without a title'}</p>
<div class="acts">
<a class="button" href="/new">Continue<span class="unseen"> the draft</span></a>
${form(view, { action: '/draft/discard', body: html`<button class="quiet">Discard<span class="unseen"> the draft</span></button>` })}
</div>
</aside>`;
}

/** Seven days at a glance; a day with appointments leads to them. */
function weekStrip(ahead: readonly Appointment[], today: string): Html {
  const cells = Array.from({ length: 7 }, (_, at) => daysAfter(today, at)).map((date) => {
    const count = ahead.filter((one) => one.date === date).length;
    const face = html`<span class="weekday" aria-hidden="true">${shortWeekday(date)}</span>
<span class="number" aria-hidden="true">${Number(date.slice(8))}</span>
<span class="dots" aria-hidden="true">${'•'.repeat(Math.min(count, 4))}</span>`;
    const words = `${longDate(date, today)}: ${count === 1 ? '1 appointment' : `${count || 'no'} appointments`}`;
    const current = date === today && html` aria-current="date"`;
    return count === 0
      ? html`<li><span class="cell"${current}>${face}<span class="unseen">${words}</span></span></li>`
      : html`<li><a class="cell" href="#day-${date}"${current}>${face}<span class="unseen">${words}</span></a></li>`;
  });
  return html`<nav class="week" aria-label="The next seven days"><ol>${cells}</ol></nav>`;
}

function section({ date, appointments }: Day, today: string, next: Appointment | undefined): Html {
  return html`<section class="day" id="day-${date}" aria-labelledby="name-${date}">
<h2 id="name-${date}">${dayName(date, today)} <span>${dayAndMonth(date, today)}</span></h2>
<ul>${appointments.map((one) => card(one, one === next))}</ul>
</section>`;
}

function card({ id, title, date, time, minutes, place, note }: Appointment, isNext: boolean): Html {
  return html`<li class="card${isNext && ' next'}">
<p class="when"><time datetime="${date}T${time}">${time}</time> <span class="length">${LENGTHS.get(minutes)}</span></p>
<div class="what">
<h3>${title}${isNext && html` <span class="badge">Next</span>`}</h3>
${place && html`<p class="place">${place}</p>`}
${note && html`<p class="text">${note}</p>`}
</div>
<p class="acts">
<a class="button" href="/appointments/${id}/edit">Edit<span class="unseen"> ${title}</span></a>
<a class="button quiet" href="/appointments/${id}/delete">Delete<span class="unseen"> ${title}</span></a>
</p>
</li>`;
}
