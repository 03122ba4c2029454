import { describe, expect, it } from 'vitest';
import { closedDocument, closedNonce, refuseReserved } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/native.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('a closed document', () => {
  it('is the reserved member with its nonce, and gives it back from text and bytes', () => {
    expect(closedDocument('n_1-x')).toBe('{"~closed":"n_1-x"}');
    expect(closedNonce(closedDocument('n'))).toBe('n');
    expect(closedNonce(utf8(closedDocument('n')))).toBe('n');
  });

  it('is known with the white space that a JSON column puts in', () => {
    for (const text of ['{"~closed": "n"}', '{ "~closed" : "n" }', ' {\n\t"~closed":"n"}']) {
      expect(closedNonce(text)).toBe('n');
      expect(closedNonce(utf8(text))).toBe('n');
    }
  });

  it('is closed for everybody when it is damaged', () => {
    for (const text of ['{"~closed"', '{"~closed":5}', '{"~closed":"n"', '{"~closed":null}']) {
      expect(closedNonce(text)).toBe('');
      expect(closedNonce(utf8(text))).toBe('');
    }
  });

  it('is nothing else', () => {
    const record = nativeCodec().encode({ data: { '~closed': 'n' }, meta: { created: 0, commits: 0, nonces: [] } });
    for (const text of [record as string, '', '{', '[', '{"a":{"~closed":"n"}}', '"{\\"~closed\\"', '{"~close":1}']) {
      expect(closedNonce(text)).toBeUndefined();
      expect(closedNonce(utf8(text))).toBeUndefined();
      refuseReserved(text);
    }
    expect(closedNonce(new Uint8Array([0x83, 0xa5]))).toBeUndefined();
  });

  it('is what no codec may write', () => {
    for (const text of ['{"~closed":"n"}', '{"~closed"', ' { "~closed":1,"data":2}']) {
      for (const document of [text, utf8(text)]) {
        expect(() => refuseReserved(document)).toThrow(expect.objectContaining({ code: 'CODEC_RESERVED' }));
      }
    }
  });
});
