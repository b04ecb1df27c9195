import { describe } from 'vitest';
import { describeHostContract } from '../support/host-contract.js';
import { surroundings } from './support/requirements.js';

const { hosts } = await surroundings();

describe('the host command', () => {
  // The last address of the network that a host can have: no zone's subnet reaches so far.
  describeHostContract(() => ({ command: hosts.command, address: hosts.network.replace(/0\/24$/, '250') }));
});
