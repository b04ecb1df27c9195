export { cluster } from './cluster.js';
export { keptBackups as 'kept-backups' } from './kept-backups.js';
// Temporal takes the export's name for the workflow's type.
export { regionWatch as 'region-watch' } from './region-watch.js';
