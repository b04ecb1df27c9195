/** The local region as a process: prints one line of JSON when it is ready and ends cleanly on SIGTERM and SIGINT. */
import { parseArgs } from 'node:util';
import { hostSettings } from './hosts/settings.js';
import { PROFILES, type ProfileName } from './profiles.js';
import { NODE_KINDS, type RegionOptions, startRegion } from './server.js';

const USAGE =
  'usage: main.js --dir DIR [--port N] [--profile fast|demo|aws] [--nodes folders|paper] [--seed N] [--region NAME ...] [--persist FILE]';

function readOptions(): RegionOptions {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      port: { type: 'string', default: '0' },
      profile: { type: 'string', default: 'demo' },
      nodes: { type: 'string', default: 'folders' },
      seed: { type: 'string', default: '1' },
      region: { type: 'string', multiple: true },
      persist: { type: 'string' },
    },
  });
  const { dir, profile, region, persist } = values;
  if (dir === undefined) throw new Error('--dir is missing');
  if (!isProfile(profile)) throw new Error(`there is no profile ${profile}`);
  const nodes = NODE_KINDS.find((kind) => kind === values.nodes);
  if (nodes === undefined) throw new Error(`there are no nodes ${values.nodes}: ${NODE_KINDS.join(', ')}`);
  return {
    dir,
    profile,
    nodes,
    port: Number(values.port),
    seed: Number(values.seed),
    hosts: hostSettings(process.env),
    ...(region !== undefined && { regions: region }),
    ...(persist !== undefined && { persistFile: persist }),
  };
}

function isProfile(name: string): name is ProfileName {
  return name in PROFILES;
}

function optionsOrExit(): RegionOptions {
  try {
    return readOptions();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    process.exit(2);
  }
}

const region = await startRegion(optionsOrExit());
let ending = false;
const end = (): void => {
  if (ending) return;
  ending = true;
  region.close().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.on('SIGTERM', end);
process.on('SIGINT', end);
console.log(
  JSON.stringify({ url: region.url, eventsQueueUrl: region.queueUrl, deadLettersQueueUrl: region.deadLettersUrl }),
);
