import { type Outcome, outcome } from './attack.ts';
import type { Target } from './target.ts';
import type { Answer } from './wire.ts';

/** Whether money was sent in somebody's name: what the handler did counts, not what it answered. */
export function transferred({ done }: Target, answer: Answer | undefined): Outcome {
  const sent = done.transfers.length > 0;
  return outcome(sent, `${answer?.status}, ${sent ? 'the money is sent' : 'nothing is sent'}`);
}
