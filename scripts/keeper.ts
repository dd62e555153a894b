import { keep } from '../src/keeper/keeper.ts';

const [specPath = ''] = process.argv.slice(2);
await keep(specPath);
