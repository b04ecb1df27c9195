export { cluster } from './cluster/workflow.js';
export { drill } from './drill.js';
export { keptBackups as 'kept-backups' } from './kept-backups.js';
export { preflight } from './preflight.js';
// Temporal takes the export's name for the workflow's type.
export { regionWatch as 'region-watch' } from './region-watch.js';
