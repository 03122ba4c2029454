import { type Html, html, type Piece, trusted } from './html.ts';
import type { View } from './view.ts';

export interface FormOptions {
  readonly action: string;
  readonly body: Piece;
  readonly className?: string;
  /** The script keeps what is typed here as the draft. */
  readonly keepsDraft?: boolean;
}

/** Every form of the application: all of them post, with a token against forged requests. */
export function form(view: View, { action, body, className, keepsDraft = false }: FormOptions): Html {
  return html`<form method="post" action="${action}" class="${className ?? 'plain'}"${keepsDraft && html` data-draft="/draft/typed"`}>
${trusted(view.csrfField())}
${body}
</form>`;
}

export interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly hint?: string;
  readonly longest: number;
}

/** A labelled field of one line. */
export function input(options: FieldOptions & { readonly type: string; readonly more?: Html }): Html {
  const { name, value, type, longest, more } = options;
  return labelled(
    options,
    html`<input id="${name}" name="${name}" type="${type}" value="${value}" maxlength="${longest}"${more}${described(options)}>`,
  );
}

/** A labelled field for a password, the one that there is or a new one. It comes back empty. */
export function password(options: Omit<FieldOptions, 'value'> & { readonly kind: 'current' | 'new' }): Html {
  const { name, longest, kind } = options;
  return labelled(
    options,
    html`<input id="${name}" name="${name}" type="password" maxlength="${longest}" required autocomplete="${kind}-password"${described(options)}>`,
  );
}

export function textarea(options: FieldOptions): Html {
  const { name, value, longest } = options;
  return labelled(
    options,
    html`<textarea id="${name}" name="${name}" rows="3" maxlength="${longest}"${described(options)}>${value}</textarea>`,
  );
}

export function select(
  options: Omit<FieldOptions, 'longest'> & { readonly choices: ReadonlyMap<number, string> },
): Html {
  const { name, value, choices } = options;
  const choice = ([key, text]: [number, string]) =>
    html`<option value="${key}"${String(key) === value && html` selected`}>${text}</option>`;
  return labelled(
    options,
    html`<select id="${name}" name="${name}"${described(options)}>${[...choices].map(choice)}</select>`,
  );
}

export function checkbox({ name, label, checked }: { name: string; label: string; checked: boolean }): Html {
  return html`<div class="field check">
<input id="${name}" name="${name}" type="checkbox"${checked && html` checked`}>
<label for="${name}">${label}</label>
</div>`;
}

function labelled({ name, label, problem, hint }: Omit<FieldOptions, 'value' | 'longest'>, control: Html): Html {
  return html`<div class="field field-${name}">
<label for="${name}">${label}${hint && html` <span class="hint">${hint}</span>`}</label>
${control}
${problem && html`<p class="problem" id="${name}-problem">${problem}</p>`}
</div>`;
}

function described({ name, problem }: Pick<FieldOptions, 'name' | 'problem'>): Html | false {
  return problem !== undefined && html` aria-invalid="true" aria-describedby="${name}-problem"`;
}
