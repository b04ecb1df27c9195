import type { RequestName } from '#src/model/requests/decide.js';

/** The desired state that the requests of a walk add up to, modelled without Keelson's code. */
export class DesiredState {
  state: 'absent' | 'running' | 'stopped' = 'absent';
  paused = false;

  /** Records a request that Keelson accepted. */
  record(request: RequestName): void {
    switch (request) {
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
      case 'drill':
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
