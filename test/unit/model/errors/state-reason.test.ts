import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { classifyCode } from '#src/model/errors/index.js';
import { STATE_REASONS } from '#src/model/errors/state-reason.js';

/** What the installed SDK documents of StateReason. */
function documentedReasons(): string[] {
  const types = join(dirname(fileURLToPath(import.meta.resolve('@aws-sdk/client-ec2'))), '..', 'dist-types', 'models');
  const texts = readdirSync(types).map((file) => readFileSync(join(types, file), 'utf8'));
  const own = texts.flatMap((text) => /interface StateReason \{[\s\S]*?\n\}/.exec(text)?.[0] ?? []).join('\n');
  return [...own.matchAll(/<code>((?:Client|Server)\.[A-Za-z.]+)<\/code>/g)].map(([, code]) => code ?? '');
}

describe('reasons of EC2 for the end of an instance', () => {
  it('are all known that the SDK documents, with what to do', () => {
    const documented = documentedReasons();
    expect(documented.length).toBeGreaterThanOrEqual(12);
    expect(documented.filter((code) => !Object.hasOwn(STATE_REASONS, code))).toEqual([]);
    expect(Object.values(STATE_REASONS).filter(({ hint }) => hint === '')).toEqual([]);
  });

  it('name the missing KMS grant where EC2 only speaks of an internal error of the client', () => {
    const { class: errorClass, hint } = classifyCode('Client.InternalError');
    expect(errorClass).toBe('auth');
    for (const action of ['kms:CreateGrant', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:Decrypt'])
      expect(hint).toContain(action);
  });
});
