import { describe, expect, it } from 'vitest';
import { parseJobOutput } from '#src/node-scripts/render.js';
import { shortened } from '../../../../packages/aws-simulator/src/paper/shortened.js';

/** As the reader of reports finds it. */
const read = (results: string[]) =>
  parseJobOutput(
    ['keelson-job id=j outcome=done exit=0', 'keelson-result', ...shortened(results), 'keelson-log', ''].join('\n'),
  )?.result;

const rows = (count: number, value: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `node.large-workers-${index}-g1=${value(index)}`);

describe('a result on paper', () => {
  it.each([3, 500])('of %i nodes is read as it was', (count) => {
    const results = rows(count, (index) => `True,-,v1.34.2+k3s1,true,10.0.0.${index},-`);

    const told = read(results);

    expect(Object.entries(told ?? {}).map(([key, value]) => `${key}=${value}`)).toEqual(results);
  });

  it('that no compression makes short enough says so', () => {
    const told = read(rows(2_000, (index) => `${(index * 0.618_033_988_749) % 1}${(index * 0.414_213_562) % 1}`));

    expect(told?.['truncated']).toBe('true');
  });
});
