import { keepTunnels } from '../src/steps/tunnel-keeper.ts';

const [specPath = ''] = process.argv.slice(2);
await keepTunnels(specPath, process.env);
process.exit();
