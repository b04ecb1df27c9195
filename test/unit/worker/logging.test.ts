import { describe, expect, it } from 'vitest';
import { createLogger, temporalLogger } from '#src/worker/logging.js';
import { callContext } from '#src/worker/scope-interceptor.js';

describe('log lines of the SDK', () => {
  it('go through our logger with their fields, without the SDK noise', () => {
    // Prepare
    const lines: [string, unknown, string][] = [];
    const logger = new Proxy(
      {},
      { get: (_, level: string) => (fields: unknown, text: string) => lines.push([level, fields, text]) },
    );
    const sdk = temporalLogger(logger as never, 'info');
    const error = new Error('boom');

    // Act
    sdk.warn('Activity failed', { error, taskToken: 'x', workflowId: 'cluster/demo', attempt: 3n });
    sdk.debug('not told at this level');

    // Assess
    expect(lines).toEqual([['warn', { err: error, workflowId: 'cluster/demo', attempt: '3' }, 'Activity failed']]);
  });
});

describe('the scope of an activity', () => {
  it('is taken from its input', () => {
    const input = { cluster: 'demo', region: 'eu-west-1', operation: 'op-1', traceId: 't', uid: 'u', document: {} };
    expect(callContext(input)).toEqual({ cluster: 'demo', region: 'eu-west-1', operation: 'op-1', traceId: 't' });
  });

  it.each([undefined, null, 'text', { region: 7 }])('is empty for %j', (input) => {
    expect(callContext(input)).toEqual({});
  });
});

describe('a log line', () => {
  it('has no secret in its text, its fields or its error', () => {
    // Prepare
    const lines: string[] = [];
    const logger = createLogger('info', false, { write: (line) => lines.push(line) });
    const token = `K10${'a1'.repeat(32)}::server:hush-hush`;
    // Act
    logger.warn(
      { err: new Error(`joined with ${token}`), kubeconfig: '{"client-key-data":"c2VjcmV0LWtleQ=="}' },
      token,
    );
    // Assess
    expect(lines.join()).not.toMatch(/hush|a1a1|c2VjcmV0/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', msg: '<masked>' });
  });
});
