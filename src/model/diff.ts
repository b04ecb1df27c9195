export { type Change, type ChangeClass, diffDocuments, refusalsOf } from './diff/index.js';
