import { describe, expect, it } from 'vitest';
import { alteredIn } from '#src/model/health/altered.js';

describe('what a node reports as altered', () => {
  it('is nothing known where it reports nothing', () => {
    expect(alteredIn(undefined)).toBeNull();
    expect(alteredIn('none')).toEqual({ manifests: [], config: [] });
  });

  it('is reported by name, manifests apart from the rest', () => {
    expect(alteredIn('config.yaml,manifest:cilium,file:/etc/x,environment')).toEqual({
      manifests: ['manifest cilium'],
      config: ['config.yaml', '/etc/x', 'environment'],
    });
  });

  it('has no text of the node in it that is not a name, and not more than a few names', () => {
    const many = Array.from({ length: 50 }, (_, index) => `file:/etc/${index}`).join(',');
    expect(alteredIn('config.yaml run this,$(reboot),file:relative')).toEqual({ manifests: [], config: [] });
    expect(alteredIn(many)?.config).toEqual(['/etc/0', '/etc/1', '/etc/2', '/etc/3', '/etc/4', '45 more']);
  });
});
