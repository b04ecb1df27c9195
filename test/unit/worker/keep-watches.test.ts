import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepWatches, type UnwatchedCluster, type Watched, type Watches } from '#src/worker/keep-watches.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const MEMBER = { roleArn: 'arn:aws:iam::222222222222:role/keelson-member', externalId: 'ours' };

/** Temporal as two lists: regions that have clusters, and regions whose watch runs; `region@account` for those of another account. */
class Lists implements Watches {
  questions = 0;
  readonly started: string[] = [];
  refuses: string | null = null;

  constructor(
    private readonly withClusters: string[],
    private readonly watchedPlaces: string[],
  ) {}

  watched = async (): Promise<Watched[]> => {
    this.questions += 1;
    if (this.refuses !== null) throw new Error(this.refuses);
    return this.watchedPlaces.map(placeOf);
  };

  clusterBesides = async (watched: readonly Watched[]): Promise<UnwatchedCluster | null> => {
    this.questions += 1;
    const known = watched.map(({ region, account }) => (account === null ? region : `${region}@${account}`));
    const found = this.withClusters.find((place) => !known.includes(place));
    return found === undefined ? null : { cluster: found };
  };

  ensureWatch = async ({ cluster }: UnwatchedCluster) => {
    this.started.push(cluster);
    const { region, account } = placeOf(cluster);
    return { region, ...(account !== null && { account: MEMBER }) };
  };
}

function placeOf(place: string): Watched {
  const [region = '', account = null] = place.split('@');
  return { region, account };
}

const lines: Record<string, unknown>[] = [];
const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });

describe('a worker', () => {
  beforeEach(() => {
    lines.length = 0;
  });

  it('starts the watches of all regions that have clusters and none, and says so', async () => {
    const lists = new Lists(['eu-west-1', 'us-east-1', 'ap-south-1'], ['us-east-1']);
    const end = keepWatches(lists, logger, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    end();
    expect(lists.started).toEqual(['eu-west-1', 'ap-south-1']);
    expect(lines).toMatchObject([{ level: 40, region: 'eu-west-1' }, { region: 'ap-south-1' }]);
  });

  it('starts the watch of another account beside that of its own, in the same region', async () => {
    const lists = new Lists(['eu-west-1', 'eu-west-1@222222222222'], ['eu-west-1']);
    const end = keepWatches(lists, logger, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    end();
    expect(lists.started).toEqual(['eu-west-1@222222222222']);
    expect(lines).toMatchObject([{ region: 'eu-west-1', account: '222222222222' }]);
  });

  it('asks two questions where every region has its watch, however many there are', async () => {
    const regions = Array.from({ length: 30 }, (_, index) => `region-${index}`);
    const lists = new Lists(regions, regions);
    const end = keepWatches(lists, logger, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    end();
    expect(lists).toMatchObject({ questions: 2, started: [] });
  });

  it('says that it does not know when Temporal does not answer, and asks again', async () => {
    const lists = new Lists(['eu-west-1'], []);
    lists.refuses = 'UNAVAILABLE';
    const end = keepWatches(lists, logger, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    lists.refuses = null;
    await vi.advanceTimersByTimeAsync(1_000);
    end();
    expect(lines[0]).toMatchObject({ level: 40, error: 'UNAVAILABLE' });
    expect(lists.started).toEqual(['eu-west-1']);
  });

  it('asks once at a time, however long Temporal takes', async () => {
    const lists = new Lists([], []);
    let answer = (): void => undefined;
    lists.watched = () => {
      lists.questions += 1;
      return new Promise((resolve) => {
        answer = () => resolve([]);
      });
    };
    const end = keepWatches(lists, logger, 1_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(lists.questions).toBe(1);
    answer();
    await vi.advanceTimersByTimeAsync(1_000);
    end();
    expect(lists.questions).toBe(3);
  });

  it('asks nothing any more when it has ended', async () => {
    const lists = new Lists(['eu-west-1'], []);
    keepWatches(lists, logger, 1_000)();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(lists.questions).toBe(0);
  });
});
