import type { Data } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';

/** The part of Standard Schema (standardschema.dev) that is used: zod, valibot and arktype schemas fit. */
export interface Schema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult | Promise<SchemaResult>;
  };
}

export interface SchemaResult {
  readonly value?: unknown;
  readonly issues?: readonly unknown[] | undefined;
}

/** Whether stored data still has the shape that the application expects (R84). The data itself stays as stored. */
export function fits(schema: Schema, data: Data): boolean {
  const result = schema['~standard'].validate(data);
  if ('then' in result) {
    // Its rejection is nobody's any more, and must not end the process.
    result.then(undefined, () => undefined);
    throw new CoatcheckError(
      'OPTION_INVALID',
      'The session schema validates asynchronously. Give createSessions a synchronous one.',
    );
  }
  return result.issues === undefined;
}
