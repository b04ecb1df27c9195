export { cluster } from './cluster.js';
// Temporal takes the export's name for the workflow's type.
export { regionWatch as 'region-watch' } from './region-watch.js';
