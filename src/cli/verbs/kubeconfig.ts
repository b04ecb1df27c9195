import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { mergeIntoFile, mergeKubeconfig, renameKubeconfig } from '../kubeconfig/merge.js';
import type { Session } from '../session.js';

export interface KubeconfigOptions {
  /** Merge into this file instead of printing. */
  merge?: string;
  /** Make it the current context of that file. */
  use: boolean;
}

/** `keelson kubeconfig NAME`: to stdout, or merged into a file that only its owner may read. */
export async function kubeconfig(session: Session, name: string, options: KubeconfigOptions): Promise<void> {
  const { io } = session;
  const status = await (await session.clusters()).get(name);
  const stored = await (await session.bucket()).get(bucketKeyOf(name, BUCKET_KEY.kubeconfig));
  if (stored === null) {
    throw new CliError(
      EXIT.failed,
      `${name} has no kubeconfig yet: it is ${status.phase}`,
      `keelson status ${name} --watch`,
    );
  }
  const named = renameKubeconfig(stored.text, name);
  if (options.merge === undefined) {
    io.stdout.write(mergeKubeconfig(null, named, { use: true }));
    return;
  }
  const path = mergeIntoFile(io.cwd, options.merge, named, { use: options.use });
  say(io, `merged into ${path}: kubectl --kubeconfig ${path} --context ${name} get nodes`);
}
