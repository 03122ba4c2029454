const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, what is missing or false is left out. */
export type Piece = Html | string | number | false | undefined | readonly Piece[];

/** A template whose values are escaped, in text as in quoted attributes. */
export function html(literals: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(literals.reduce((text, literal, at) => text + render(pieces[at - 1]) + literal));
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(render).join('');
  return String(piece).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Takes HTML of somebody else's as it is: of the CSRF guard, which makes it for this. */
export function trusted(text: string): Html {
  return new Html(text);
}
