import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { freshKubeconfig, textOf } from '#src/cli/kubeconfig/document.js';
import { mergeKubeconfig } from '#src/cli/kubeconfig/merge.js';
import type { Access } from '#src/cli/kubeconfig/stored.js';
import { createAccess } from './access.js';

let access: Access;
let later: Access;
beforeAll(() => {
  ({ access } = createAccess());
  later = { ...access, server: 'https://203.0.113.9:6443', clientKey: 'bmV3' };
});

const OTHERS = `# written by hand
apiVersion: v1
kind: Config
preferences: { colors: true }
clusters:
- name: work # the office
  cluster: { server: "https://work", proxy-url: socks5://127.0.0.1:1080 }
users:
- name: work
  user:
    # a person's own login
    exec: { apiVersion: client.authentication.k8s.io/v1, command: login, args: [012, 1_000, 0x1F, no, 'no'] }
contexts:
- { name: work, context: { cluster: work, user: work, namespace: dev } }
current-context: work
`;
const plain = { use: false, replace: false };

/** As kubectl reads it. [go-yaml: YAML 1.1] */
const kubectlReads = (text: string) => parse(text, { version: '1.1' });

describe('a kubeconfig of one cluster', () => {
  it.each(['no', 'on', 'y', 'null', '1_000', '0123', '1e3', '12:30:45', 'shop'])(
    'is read by YAML 1.1 readers when the cluster is called %s',
    (name) => {
      // Act
      const config = kubectlReads(textOf(freshKubeconfig(name, access)));

      // Assess
      expect(config).toEqual({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name, cluster: { server: access.server, 'certificate-authority-data': access.ca } }],
        users: [
          {
            name,
            user: { 'client-certificate-data': access.clientCertificate, 'client-key-data': access.clientKey },
          },
        ],
        contexts: [{ name, context: { cluster: name, user: name } }],
        'current-context': name,
      });
    },
  );
});

describe('a merge', () => {
  it.each([
    { use: false, context: 'work' },
    { use: true, context: 'shop' },
  ])('with use=$use adds its own entries and leaves all else as it was written', ({ use, context }) => {
    // Act
    const merged = mergeKubeconfig(OTHERS, 'shop', access, { use, replace: false });

    // Assess
    const spaceless = (text: string): string[] => text.split('\n').map((line) => line.replaceAll(' ', ''));
    for (const line of spaceless(OTHERS).filter((one) => !one.startsWith('current-context')))
      expect(spaceless(merged)).toContain(line);
    const config = kubectlReads(merged);
    expect(config.clusters[1]).toEqual({
      name: 'shop',
      cluster: { server: access.server, 'certificate-authority-data': access.ca },
    });
    expect(config.contexts[1]).toEqual({ name: 'shop', context: { cluster: 'shop', user: 'shop' } });
    expect(config['current-context']).toBe(context);
  });

  it('again changes server, CA and client pair, and keeps what a person has set in the entries', () => {
    // Prepare
    const first = mergeKubeconfig(OTHERS, 'shop', access, plain)
      .replace(/^( +)(server: "https:\/\/203.*)$/m, '$1$2\n$1proxy-url: http://proxy:3128 # the way in')
      .replace(/^( +)(user: "shop")$/m, '$1$2\n$1namespace: front');

    // Act
    const again = mergeKubeconfig(first, 'shop', later, plain);

    // Assess
    const config = kubectlReads(again);
    expect(config.clusters[1].cluster).toEqual({
      server: later.server,
      'certificate-authority-data': later.ca,
      'proxy-url': 'http://proxy:3128',
    });
    expect(config.users[1].user['client-key-data']).toBe(later.clientKey);
    expect(config.contexts[1].context).toEqual({ cluster: 'shop', user: 'shop', namespace: 'front' });
    expect(again).toContain('# the way in');
    expect(config.clusters).toHaveLength(2);
  });

  it('takes out of its own entries what would run a command or go around the CA', () => {
    // Prepare
    const first = mergeKubeconfig(null, 'shop', access, plain)
      .replace('client-key-data:', 'exec: { command: sh }\n      token: t\n      client-key-data:')
      .replace('server:', 'insecure-skip-tls-verify: true\n      server:');

    // Act
    const config = kubectlReads(mergeKubeconfig(first, 'shop', access, plain));

    // Assess
    expect(Object.keys(config.users[0].user).sort()).toEqual(['client-certificate-data', 'client-key-data']);
    expect(Object.keys(config.clusters[0].cluster).sort()).toEqual(['certificate-authority-data', 'server']);
  });

  it.each([
    ['cluster', 'clusters: [{ name: shop, cluster: { server: "https://old" } }]'],
    ['user', 'users: [{ name: shop, user: { token: t } }]'],
    ['context', 'contexts: [{ name: shop, context: { cluster: work, user: work } }]'],
  ])('refuses a %s of its name that is of another cluster, and replaces it when told to', (what, text) => {
    expect(() => mergeKubeconfig(text, 'shop', access, plain)).toThrow(
      `a ${what} named shop that is of another cluster`,
    );
    const replaced = kubectlReads(mergeKubeconfig(text, 'shop', access, { use: false, replace: true }));
    expect(replaced).toMatchObject(kubectlReads(textOf(freshKubeconfig('shop', access))));
    expect(replaced.users[0].user).not.toHaveProperty('token');
  });

  it.each(['- a list', 'clusters: {}', 'users: [', 'clusters: []\nclusters: []', 'a word'])(
    'refuses a file that is not a kubeconfig: %j',
    (text) => {
      expect(() => mergeKubeconfig(text, 'shop', access, plain)).toThrow(/is not a kubeconfig/);
    },
  );

  it.each(['', '\n', '# nothing yet\n', 'apiVersion: v1\nkind: Config\nclusters: null\nusers: []\ncontexts:\n', '{}'])(
    'fills a file that has no entries yet: %j',
    (text) => {
      expect(kubectlReads(mergeKubeconfig(text, 'shop', access, plain))).toMatchObject({ 'current-context': 'shop' });
    },
  );
});

/** Words that YAML 1.1, 1.2 and people read differently, and others. */
const word = fc.oneof(
  fc.constantFrom(
    'no',
    'on',
    'y',
    'Yes',
    'null',
    '~',
    '1_000',
    '012',
    '0x1F',
    '1e3',
    '1:30',
    '2001-01-01',

    "it's",
    'a: b',
    '# x',
  ),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 2 },
    word,
    fc.boolean(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(word, tie('any'), { maxKeys: 3 }),
  ),
})).any;
const entry = (key: string) =>
  fc.record({ name: word.map((name) => `their ${name}`), [key]: fc.dictionary(word, value, { maxKeys: 3 }) });
const list = (key: string) =>
  fc.option(fc.uniqueArray(entry(key), { selector: (one) => one.name, maxLength: 3 }), { nil: undefined });
const config = fc.record(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Config'),
    clusters: list('cluster'),
    users: list('user'),
    contexts: list('context'),
    extra: value,
  },
  { requiredKeys: [] },
);

describe('any merge', () => {
  it('keeps each entry, value and comment of others, for readers of YAML 1.1 and 1.2, and changes nothing the second time', () => {
    fc.assert(
      fc.property(
        config,
        fc.boolean(),
        fc.constantFrom<'1.1' | '1.2'>('1.1', '1.2'),
        fc.constantFrom('no', 'y', '1_000', 'shop'),
        (theirs, use, version, name) => {
          // Prepare: a comment before each top-level key.
          const text = stringify(theirs, { version }).replaceAll(
            /^(?=(?:clusters|users|contexts|extra):)/gm,
            '# kept\n',
          );
          const comments = text.split('\n').filter((line) => line === '# kept').length;

          // Act
          const once = mergeKubeconfig(text, name, access, { use, replace: false });

          // Assess
          // Others' text is read as it was written: a map with the keys y and on has one key twice for a reader of YAML 1.1.
          const [before, after] = [parse(text, { version }) ?? {}, parse(once, { version })];
          expect(after.extra).toEqual(before.extra);
          for (const one of ['clusters', 'users', 'contexts'] as const) {
            expect(after[one].slice(0, -1)).toEqual(before[one] ?? []);
            expect(after[one].at(-1).name).toBe(name);
          }
          expect(once.split('\n').filter((line) => line.trim() === '# kept')).toHaveLength(comments);
          expect(mergeKubeconfig(once, name, access, { use, replace: false })).toBe(once);
        },
      ),
    );
  });
});
