'use strict';

// The Express peer in several processes, as the tutorial has it: the first one accepts connections and hands them out.

const cluster = require('node:cluster');
const { availableParallelism } = require('node:os');

const WORKERS = Number(process.env.WORKERS) || availableParallelism();

if (cluster.isPrimary) {
  for (let i = 0; i < WORKERS; i++) {
    cluster.fork();
  }
  cluster.on('exit', (worker) => {
    console.log(`worker ${worker.process.pid} ended`);
    cluster.fork();
  });
} else {
  require('../express/server.js');
}
