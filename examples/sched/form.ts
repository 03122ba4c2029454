import { type Field, LONGEST } from './appointment.ts';
import { type Html, html, type Piece } from './html.ts';

export interface FormOptions {
  readonly action: string;
  readonly body: Piece;
  readonly className?: string;
  /** The script keeps what is typed here as the draft. */
  readonly keepsDraft?: boolean;
}

/** Every form of the application: all of them post. */
export function form({ action, body, className, keepsDraft = false }: FormOptions): Html {
  return html`<form method="post" action="${action}" class="${className ?? 'plain'}"${keepsDraft && html` data-draft="/draft"`}>
${body}
</form>`;
}

export interface FieldOptions {
  readonly name: Field;
  readonly label: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly hint?: string;
}

/** A labelled field of one line. */
export function input(options: FieldOptions & { readonly type: string; readonly more?: Html }): Html {
  const { name, value, type, more } = options;
  return labelled(
    options,
    html`<input id="${name}" name="${name}" type="${type}" value="${value}" maxlength="${LONGEST[name]}"${more}${described(options)}>`,
  );
}

export function textarea(options: FieldOptions): Html {
  const { name, value } = options;
  return labelled(
    options,
    html`<textarea id="${name}" name="${name}" rows="3" maxlength="${LONGEST[name]}"${described(options)}>${value}</textarea>`,
  );
}

export function select(options: FieldOptions & { readonly choices: ReadonlyMap<number, string> }): Html {
  const { name, value, choices } = options;
  const choice = ([key, text]: [number, string]) =>
    html`<option value="${key}"${String(key) === value && html` selected`}>${text}</option>`;
  return labelled(
    options,
    html`<select id="${name}" name="${name}"${described(options)}>${[...choices].map(choice)}</select>`,
  );
}

function labelled({ name, label, problem, hint }: FieldOptions, control: Html): Html {
  return html`<div class="field field-${name}">
<label for="${name}">${label}${hint && html` <span class="hint">${hint}</span>`}</label>
${control}
${problem && html`<p class="problem" id="${name}-problem">${problem}</p>`}
</div>`;
}

function described({ name, problem }: FieldOptions): Html | false {
  return problem !== undefined && html` aria-invalid="true" aria-describedby="${name}-problem"`;
}
