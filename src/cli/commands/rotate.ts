import type { Rotation } from '../../model/rotation/state.js';
import { accountOf } from '../account.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { confirm } from '../confirm.js';
import { type Format, show, tell } from '../output.js';
import type { Session } from '../session.js';
import { type Rotated, rotatedText } from '../views/rotated.js';
import { request } from './requests.js';

export interface RotateOptions {
  wait: boolean;
  /** The answer to the question, given beforehand. */
  yes: boolean;
  dryRun: boolean;
  /** Cancel the one under way. */
  cancel: boolean;
  output: Format;
}

/** `keelson rotate NAME WHAT`: shows the steps and asks; then sends the request. A cancel takes nothing away, so it does not ask. */
export async function rotate(session: Session, name: string, what: Rotation, options: RotateOptions): Promise<void> {
  if (options.cancel) return request(session, 'rotate', name, options, { what, cancel: true });
  const { io } = session;
  const clusters = await session.clusters();
  await clusters.requireOpen(name);
  const plan = await clusters.planRotation(name, what);
  const { status } = await fetchStatus(session, name);
  const account = await accountOf(session.aws);
  const rotated: Rotated = { cluster: name, account, region: status.region, what, plan };
  if (options.dryRun)
    return show(io, options.output, rotated, (colors, seen, screen) => rotatedText(seen, colors, screen));
  tell(io, rotated, (colors, seen) => rotatedText(seen, colors));
  if (!options.yes)
    await confirm(io, {
      what: `rotate the ${what} of ${name}`,
      word: name,
      withYes: `keelson rotate ${name} ${what} --yes; --dry-run shows what it does`,
    });
  await request(session, 'rotate', name, options, { what });
}
