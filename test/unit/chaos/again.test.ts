import { describe, expect, it } from 'vitest';
import { type Only, parseOnly, textOf } from '../../chaos/support/again.js';

describe('the command that does a run of the matrix again', () => {
  it('means the run that it was printed for', () => {
    const only: Only = {
      operation: 'create ha',
      kills: [
        { moment: 'late', at: 'ec2.RunInstances server-0 #1' },
        { moment: 'between', at: 'ssm.SendCommand install-server-1 #2', delayMs: 31 },
        { moment: 'after', at: 17 },
      ],
    };
    expect(parseOnly(textOf(only))).toEqual(only);
  });

  it.each(['frobnicate: after x', 'stop', 'stop: whenever ec2.StopInstances #1', 'stop: after'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseOnly(text)).toThrow(/operation and a colon|is no kill/);
    },
  );
});
