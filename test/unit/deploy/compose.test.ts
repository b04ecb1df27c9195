import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Compose {
  services: Record<string, { environment?: Record<string, string | number>; ports?: string[] }>;
}

const text = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const source = text('docker-compose.yml');
const compose = parse(source) as Compose;
const services = Object.entries(compose.services);
const example = new Map(
  text('.env.example')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const [, name = '', value = ''] = /^([A-Z_0-9]+)=(.*)$/.exec(line) ?? [];
      return name === '' ? [] : [[name, value]];
    }),
);
/** Outside of comments. */
const references = [...source.replaceAll(/^\s*#.*$/gm, '').matchAll(/\$\{([A-Z_0-9]+)([^}]*)\}/g)];

describe('docker-compose.yml', () => {
  it('can be read in a shell that has none of its variables, so that logs and down work there, too', () => {
    expect(references.length).toBeGreaterThan(10);
    for (const [whole, , modifier] of references) expect(modifier, whole).toMatch(/^:-/);
  });

  it('takes its variables from .env, of which .env.example has each one', () => {
    expect(new Set(references.map(([, name]) => name))).toEqual(new Set(example.keys()));
  });

  it('has no password of its own, nor has the example: who makes .env of it generates one', () => {
    const passwords = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).flatMap(([name, value]) => (/(PASSWORD|PWD)$/.test(name) ? [String(value)] : [])),
    );
    expect(passwords).toHaveLength(3);
    for (const password of passwords) expect(password).toBe('${POSTGRES_PASSWORD:-}');
    expect(example.get('POSTGRES_PASSWORD')).toBe('');
    expect(text('.env.example')).toContain('openssl rand');
    expect(text('deploy/temporal/schema.sh')).toContain('POSTGRES_PASSWORD is not set');
  });

  it('opens ports on this machine only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});
