import { ensurePeers } from './peers/set-up.ts';

const peers = await ensurePeers({ env: process.env, progress: console.error });
console.log(`Python with faster-whisper: ${peers.python}`);
console.log(peers.whisperLiveProblem ? `WhisperLive is missing: ${peers.whisperLiveProblem}` : 'WhisperLive is there.');
