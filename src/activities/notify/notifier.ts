import type { Bucket } from '../../aws/bucket.js';
import { failure } from '../../aws/failure.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { type Deleted, deletedNews, type News, newsOf, type Told } from '../../model/notify/news.js';
import type { StatusView } from '../../model/status.js';
import type { Channel } from './channels.js';

/** Notifies people of events of a cluster. */
export interface Notifier {
  /** @throws a `transient` failure `NotificationFailed` when a channel has not taken it: the caller tries again */
  tell(status: StatusView): Promise<void>;
  /** Reports the end of a delete. @throws as `tell` */
  tellDeleted(deleted: Deleted): Promise<void>;
}

/**
 * Sends what is new in a status, then remembers it in the bucket: after a crash, or for a channel that did not answer, it sends the same
 * again under the same id. A failing channel does not hold up the others.
 */
export function createNotifier(bucket: Bucket, channels: readonly Channel[], now = () => new Date()): Notifier {
  /** Memory of this process; another worker's memory costs at most a repetition. */
  const known = new Map<string, Told>();
  const read = async (key: string): Promise<Told | null> => {
    const stored = await bucket.get(key);
    return stored === null ? null : (JSON.parse(stored.text) as Told);
  };
  const send = async (news: readonly News[]): Promise<void> => {
    const problems: string[] = [];
    for (const one of news)
      for (const channel of channels)
        await channel
          .send(one)
          .catch((error: unknown) => problems.push(error instanceof Error ? error.message : channel.name));
    if (problems.length > 0) throw notTold([...new Set(problems)]);
  };
  return {
    async tell(status) {
      const key = bucketKeyOf(status.name, BUCKET_KEY.notified);
      const before = known.get(key) ?? (await read(key));
      const { news, told } = newsOf(status, before, now().toISOString());
      if (news.length === 0) {
        if (before !== null) known.set(key, told);
        return;
      }
      await send(news);
      await bucket.put(key, JSON.stringify(told));
      known.set(key, told);
    },
    async tellDeleted(deleted) {
      await send([deletedNews(deleted)]);
      known.delete(bucketKeyOf(deleted.cluster, BUCKET_KEY.notified));
    },
  };
}

const notTold = (problems: readonly string[]) =>
  failure({
    code: 'NotificationFailed',
    class: 'transient',
    message: `a notification was not taken: ${problems.join('; ')}`,
    hint: 'check KEELSON_NOTIFY_* of the worker and the receiver; Keelson sends it again',
  });
