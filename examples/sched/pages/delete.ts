import type { Appointment } from '../appointment.ts';
import { longDate } from '../days.ts';
import { form } from '../form.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import type { View } from '../view.ts';

/** Asks before an appointment goes. */
export function deletePage(view: View, { id, title, date, time, place }: Appointment, today: string): string {
  const body = html`<div class="sheet">
<h1>Delete this appointment?</h1>
<p class="lead"><strong>${title}</strong><br>${longDate(date, today)} at ${time}${place && html`<br>${place}`}</p>
${form(view, {
  action: `/appointments/${id}/delete`,
  body: html`<div class="acts">
<button class="danger">Delete appointment</button>
<a class="button" href="/">Keep it</a>
</div>`,
})}
</div>`;
  return layout(view, { title: 'Delete this appointment?', body });
}
