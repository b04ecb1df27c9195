import { describe, expect, it } from 'vitest';
import { personOf } from '#src/cli/kubeconfig/person.js';

describe('who a kubeconfig is for', () => {
  it.each([
    [{}, null],
    [{ ttl: '1h' }, { user: 'olga', groups: [], ttlSeconds: 3_600 }],
    [{ user: 'alice' }, { user: 'alice', groups: [], ttlSeconds: 28_800 }],
    [
      { group: ['dev', 'dev'], ttl: '10m' },
      { user: 'olga', groups: ['dev'], ttlSeconds: 600 },
    ],
    [
      { user: 'alice@example.org', group: ['oidc:team/dev', 'ops'], ttl: '168h' },
      { user: 'alice@example.org', groups: ['oidc:team/dev', 'ops'], ttlSeconds: 604_800 },
    ],
  ])('is read from %j', (options, expected) => {
    expect(personOf(options, 'olga')).toEqual(expected);
  });

  it.each([
    [{ ttl: '9m' }, 2, 'from 10m to 168h'],
    [{ ttl: '169h' }, 2, 'from 10m to 168h'],
    [{ ttl: 'a day' }, 2, 'for example 8h'],
    [{ ttl: '' }, 2, 'for example 8h'],
    [{ user: '' }, 2, 'at most 64 letters'],
    [{ user: 'x'.repeat(65) }, 2, 'at most 64 letters'],
    [{ user: 'alice,O=system:masters' }, 2, 'at most 64 letters'],
    [{ user: 'alice\nO=dev' }, 2, 'at most 64 letters'],
    [{ user: 'al\u202eice' }, 2, 'at most 64 letters'],
    [{ user: '-alice' }, 2, 'at most 64 letters'],
    [{ group: ['dev ops'] }, 2, 'at most 64 letters'],
    [{ group: Array.from({ length: 21 }, (_, index) => `g${index}`) }, 2, 'at most 20'],
    [{ group: ['system:masters'] }, 4, 'bind a role'],
    [{ group: ['dev', 'System:Masters'] }, 4, 'bind a role'],
    [{ user: 'system:admin' }, 4, 'bind a role'],
    [{ user: 'system:node:shop-server-0' }, 4, 'bind a role'],
  ])('is refused for %j', (options, exitCode, hint) => {
    expect(() => personOf(options, 'olga')).toThrow(
      expect.objectContaining({ exitCode, hint: expect.stringContaining(hint) }),
    );
  });
});
