'use strict';

// The Todo service on Fastify, as an experienced user would write it: schemas for bodies and answers, the list cached as
// bytes, tokens verified with fast-jwt's cache, jobs by BullMQ. What it does not do is in peer.json.

const { pbkdf2, randomBytes, timingSafeEqual } = require('node:crypto');
const { promisify } = require('node:util');
const fastify = require('fastify');
const jwt = require('@fastify/jwt');
const { MongoClient } = require('mongodb');
const { Redis } = require('ioredis');
const { Queue, Worker } = require('bullmq');

const PORT = Number(process.env.PORT) || 3000;
const HOST = process.env.HOST || '127.0.0.1';
const MONGO_URI = process.env.MONGO_URI || 'mongodb://localhost:27017/todoapp';
const REDIS_URL = process.env.REDIS_URL || 'redis://localhost:6379';
const JWT_SECRET = process.env.JWT_SECRET;
const CACHE_SECONDS = 30;
const JSON_TYPE = 'application/json; charset=utf-8';

const derive = promisify(pbkdf2);
const hash = (password, salt) => derive(password, salt, 600_000, 32, 'sha256');

const todoSchema = {
  type: 'object',
  properties: {
    _id: { type: 'string' },
    title: { type: 'string' },
    completed: { type: 'boolean' },
    userId: { type: 'string' },
    createdAt: { type: 'string', format: 'date-time' },
    updatedAt: { type: 'string', format: 'date-time' },
  },
};
const healthSchema = {
  response: {
    200: { type: 'object', properties: { status: { type: 'string' }, uptime: { type: 'number' } } },
  },
};
const loginSchema = {
  body: {
    type: 'object',
    required: ['username', 'password'],
    properties: { username: { type: 'string' }, password: { type: 'string', maxLength: 1024 } },
  },
};
const createSchema = {
  body: {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string', minLength: 1, maxLength: 500 } },
  },
  response: { 201: todoSchema },
};

async function start() {
  const mongo = await new MongoClient(MONGO_URI).connect();
  const todos = mongo.db().collection('todos');
  await todos.createIndex({ userId: 1 });
  const redis = new Redis(REDIS_URL);
  const notifications = new Queue('notifications', { connection: redis });
  const worker = new Worker('notifications', async (job) => ({ sent: job.data.todoId }), {
    connection: new Redis(REDIS_URL, { maxRetriesPerRequest: null }),
    concurrency: 16,
  });
  worker.on('error', (error) => console.error(error.message));

  const salt = randomBytes(16);
  const user = { id: 'user123', name: 'user', salt, hash: await hash('pass', salt) };

  const app = fastify();
  app.register(jwt, {
    secret: JWT_SECRET,
    sign: { algorithm: 'HS256', expiresIn: '1h' },
    verify: { algorithms: ['HS256'], cache: true },
  });

  async function authenticate(request, reply) {
    if (!request.headers.authorization) {
      return reply.code(401).send({ error: 'No token' });
    }
    try {
      await request.jwtVerify();
    } catch {
      return reply.code(401).send({ error: 'Invalid token' });
    }
  }

  const health = async () => ({ status: 'OK', uptime: process.uptime() });
  app.get('/health', { schema: healthSchema }, health);
  app.get('/api/health', { schema: healthSchema }, health);

  app.get('/hello', async () => ({
    message: 'Hello Scalable World!',
    timestamp: new Date().toISOString(),
  }));

  app.post('/login', { schema: loginSchema }, async (request, reply) => {
    const { username, password } = request.body;
    const fits = timingSafeEqual(await hash(password, user.salt), user.hash);
    if (!fits || username !== user.name) {
      return reply.code(401).send({ error: 'Invalid credentials' });
    }
    return { token: app.jwt.sign({ sub: user.id }) };
  });

  app.get('/api/todos', { onRequest: authenticate }, async (request, reply) => {
    const userId = request.user.sub;
    const key = `todos:${userId}`;
    let list = await redis.getBuffer(key);
    if (!list) {
      const found = await todos.find({ userId }, { projection: { __v: 0 } }).toArray();
      list = Buffer.from(JSON.stringify(found));
      await redis.setex(key, CACHE_SECONDS, list);
    }
    return reply.header('Content-Type', JSON_TYPE).send(list);
  });

  app.post('/api/todos', { onRequest: authenticate, schema: createSchema }, async (request, reply) => {
    const userId = request.user.sub;
    const now = new Date();
    const todo = {
      title: request.body.title,
      completed: false,
      userId,
      createdAt: now,
      updatedAt: now,
    };
    const { insertedId } = await todos.insertOne(todo);
    const todoId = insertedId.toHexString();
    await Promise.all([
      redis.del(`todos:${userId}`),
      notifications.add('sendEmail', { userId, todoId }),
    ]);
    return reply.code(201).send({ ...todo, _id: todoId });
  });

  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: 'Not found' }));

  await app.listen({ port: PORT, host: HOST });
  console.log(`listening on ${HOST}:${app.server.address().port}`);

  process.once('SIGTERM', async () => {
    await app.close();
    await worker.close();
    await mongo.close();
    process.exit(0);
  });
}

start().catch((error) => {
  console.error(error);
  process.exit(1);
});
