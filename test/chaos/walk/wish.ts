import type { RequestName } from '../../../src/model/requests/decide.js';

/** What was asked for, by what the messages mean to people: a model that knows nothing of Keelson's code. */
export class Wish {
  state: 'absent' | 'running' | 'stopped' = 'absent';
  paused = false;

  /** After a request that was not refused. */
  heard(verb: RequestName): void {
    switch (verb) {
      case 'apply':
        this.state = 'running';
        this.paused = false;
        return;
      case 'stop':
        this.state = 'stopped';
        return;
      case 'start':
        this.state = 'running';
        return;
      case 'pause':
        this.paused = true;
        return;
      case 'resume':
        this.paused = false;
        return;
      case 'delete':
        this.state = 'absent';
        this.paused = false;
        return;
      case 'resize':
      case 'retry':
      case 'repair':
      case 'backup':
      case 'rotate':
        return;
      case 'restore':
        throw new Error('a walk restores nothing: it knows nothing of what the cluster holds');
      case 'withdraw':
        throw new Error(
          'a walk withdraws nothing: what a withdrawal brings back depends on whether its request has begun',
        );
    }
  }
}
