import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Compose {
  services: Record<string, { environment?: Record<string, string | number>; ports?: string[] }>;
}

const compose = parse(readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8')) as Compose;
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('has no password of its own: one that is not set ends compose with what to do', () => {
    const passwords = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).flatMap(([name, value]) => (/(PASSWORD|PWD)$/.test(name) ? [String(value)] : [])),
    );
    expect(passwords).toHaveLength(3);
    for (const password of passwords) expect(password).toMatch(/^\$\{POSTGRES_PASSWORD:\?[^}]+\}$/);
    expect(passwords[0]).toContain('openssl rand');
  });

  it('opens ports on this machine only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});
