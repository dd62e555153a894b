import { soak } from './soak/main.ts';

process.exitCode = await soak(process.argv.slice(2));
