/** Paper reads texts that it does not write: whatever Keelson sends must be read as it was meant. */
import { describe, expect, it } from 'vitest';
import { renderCommand, renderHealthProbe, renderUserData } from '#src/node-scripts/render.js';
import { NODE_SCRIPTS } from '#src/node-scripts/scripts.js';
import { seal } from '#src/node-scripts/seal.js';
import { readCommand, readUserData } from '../../../../packages/aws-simulator/src/paper/command.js';
import { PAPER_KINDS } from '../../../../packages/aws-simulator/src/paper/kinds.js';
import { makeSealKey, unseal } from '../../../../packages/aws-simulator/src/paper/seal-key.js';

/** Scripts that are not done on paper: what they are about is files and processes, of which paper has none. */
const LEFT_OUT = ['mount-volumes', 'rotate', 'send-parts', 'rehearse', 'restore', 'drill'];

describe('a command on paper', () => {
  it('is the script that was sent, for each script', () => {
    // Act
    const read = NODE_SCRIPTS.map((script) => {
      const command = readCommand(renderCommand({ jobId: `a-${script}-1`, script, params: {}, timeoutSeconds: 60 }));
      return [script, typeof command === 'object' ? (command?.kind ?? null) : command];
    });

    // Assess
    expect(read.filter(([, kind]) => kind === null).map(([script]) => script)).toEqual(LEFT_OUT);
    expect(read.filter(([script, kind]) => kind !== null && kind !== script)).toEqual([]);
    expect([...PAPER_KINDS, ...LEFT_OUT].sort()).toEqual([...NODE_SCRIPTS].sort());
  });

  it('has its id, lock, time, parameters and sealed URLs, whatever stands in them', () => {
    // Prepare
    const params = { ROLE: 'server', CONFIG: 'a: \'b\'\nc: "$(d)"\n\n', NODE_NAME: "it's" };
    const job = { jobId: 'shop-1', script: 'bootstrap', params, urls: ['TOKEN_PUT'], timeoutSeconds: 900 };

    // Act
    const wanted = readCommand(renderCommand(job));
    const sealed = readCommand(renderCommand({ ...job, sealed: 'to=1\nkey=2\nmac=3\ntext=4\n' }));

    // Assess
    expect(wanted).toEqual({
      ...{ id: 'shop-1', lock: 'node', timeoutSeconds: 900, urls: 'wanted', sealed: '', kind: 'bootstrap' },
      params: { ...params, URLS: 'TOKEN_PUT' },
    });
    expect(sealed).toMatchObject({ urls: 'sealed', sealed: 'to=1\nkey=2\nmac=3\ntext=4\n' });
  });

  it('may be the question of the region watch, or a text of someone else', () => {
    expect(readCommand(renderHealthProbe())).toBe('health-probe');
    expect(readCommand('#!/bin/sh\necho hello\n')).toBeNull();
    const release = { version: 'v1.34.2+k3s1', mirror: 'http://127.0.0.1/_mirror', architecture: 'amd64' } as const;
    expect(readUserData(renderUserData(release))).toMatchObject({ K3S_VERSION: 'v1.34.2+k3s1', ARCH: 'amd64' });
    expect(readUserData('#!/bin/bash\nreboot\n')).toBeNull();
  });

  it('opens what the worker has sealed to its node for its job, and nothing else', () => {
    const [own, other] = [makeSealKey(), makeSealKey()];
    const sealed = seal(own.public, 'job-1', 'TOKEN_PUT=http://127.0.0.1/x\n');
    expect(unseal(own, 'job-1', sealed)).toEqual({ text: 'TOKEN_PUT=http://127.0.0.1/x\n' });
    expect(unseal(own, 'job-2', sealed)).toBe('corrupted');
    expect(unseal(other, 'job-1', sealed)).toBe('other-key');
  });
});
