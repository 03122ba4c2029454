import { FIRST_DATE, type Field, type Fields, LAST_DATE, LENGTHS, LONGEST, type Problems } from '../appointment.ts';
import { form, input, select, textarea } from '../form.ts';
import { html } from '../html.ts';
import { layout, type Message } from '../layout.ts';
import { summaryOf } from '../summary.ts';
import type { View } from '../view.ts';

export interface EditOptions {
  readonly fields: Fields;
  /** Which appointment is edited; undefined for a new one. */
  readonly id?: string;
  readonly problems?: Problems;
  /** The form was filled from the draft. */
  readonly fromDraft?: boolean;
  readonly messages?: readonly Message[];
}

const LABELS: Readonly<Record<Field, string>> = {
  title: 'What is it about?',
  date: 'Day',
  time: 'Time',
  minutes: 'Length',
  place: 'Place',
  note: 'Note',
};

/** The form for a new appointment and for an old one. */
export function editPage(
  view: View,
  { fields, id, problems = {}, fromDraft = false, messages = [] }: EditOptions,
): string {
  const isNew = id === undefined;
  const heading = isNew ? 'New appointment' : 'Edit appointment';
  const wrong = summaryOf(LABELS, problems);
  const of = (name: Field) => ({
    name,
    label: LABELS[name],
    value: fields[name],
    problem: problems[name],
    longest: LONGEST[name],
  });
  const body = html`<div class="sheet">
<h1>${heading}</h1>
${
  isNew &&
  html`<div class="draft-line">
<p role="status" data-draft-status>${fromDraft ? html`<strong>Draft kept.</strong> This is where you left off.` : ''}</p>
${fromDraft && form(view, { action: '/draft/discard', body: html`<button>Discard draft</button>` })}
</div>`
}
${form(view, {
  action: isNew ? '/appointments' : `/appointments/${id}`,
  className: 'fields',
  keepsDraft: isNew,
  body: html`
${input({ ...of('title'), type: 'text', more: html` required autocomplete="off"` })}
${input({ ...of('date'), type: 'date', more: html` required min="${FIRST_DATE}" max="${LAST_DATE}"` })}
${input({ ...of('time'), type: 'time', more: html` required` })}
${select({ ...of('minutes'), choices: LENGTHS })}
${input({ ...of('place'), hint: 'optional', type: 'text', more: html` autocomplete="off"` })}
${textarea({ ...of('note'), hint: 'optional' })}
<div class="acts">
<button class="primary">${isNew ? 'Add appointment' : 'Save changes'}</button>
${isNew && html`<button formaction="/draft" formnovalidate>Keep as draft</button>`}
<a class="button quiet" href="/">Back</a>
</div>`,
})}
</div>`;
  const title = wrong.length > 0 ? `Please check: ${heading}` : heading;
  return layout(view, { title, messages: [...messages, ...wrong], body });
}
