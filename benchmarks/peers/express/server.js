'use strict';

// The tutorial's Todo service, rebuilt from its documented requests. It is left as a tutorial has it, on purpose:
// what it does otherwise than the toolkit's service is listed in docs/scaling.md and is not to be repaired here.

const express = require('express');
const mongoose = require('mongoose');
const { createClient } = require('redis');
const Queue = require('bull');
const jwt = require('jsonwebtoken');

const PORT = process.env.PORT || 3000;
const HOST = process.env.HOST || '127.0.0.1';
const MONGO_URI = process.env.MONGO_URI || 'mongodb://localhost:27017/todoapp';
const REDIS_URL = process.env.REDIS_URL || 'redis://localhost:6379';
const JWT_SECRET = process.env.JWT_SECRET || 'secret';
const CACHE_SECONDS = 30;

const todoSchema = new mongoose.Schema(
  {
    title: { type: String, required: true },
    completed: { type: Boolean, default: false },
    userId: { type: String, required: true, index: true },
  },
  { timestamps: true }
);
const Todo = mongoose.model('Todo', todoSchema);

const redis = createClient({ url: REDIS_URL });
const notifications = new Queue('notifications', REDIS_URL);

notifications.process('sendEmail', async (job) => ({ sent: job.data.todoId }));

const app = express();
app.use(express.json());

function authenticate(req, res, next) {
  const token = req.headers.authorization?.split(' ')[1];
  if (!token) {
    return res.status(401).json({ error: 'No token' });
  }
  try {
    req.user = jwt.verify(token, JWT_SECRET);
  } catch {
    return res.status(401).json({ error: 'Invalid token' });
  }
  next();
}

const health = (req, res) => res.json({ status: 'OK', uptime: process.uptime() });
app.get('/health', health);
app.get('/api/health', health);

app.get('/hello', (req, res) => {
  res.json({ message: 'Hello Scalable World!', timestamp: new Date().toISOString() });
});

app.post('/login', (req, res) => {
  const { username, password } = req.body ?? {};
  if (username !== 'user' || password !== 'pass') {
    return res.status(401).json({ error: 'Invalid credentials' });
  }
  res.json({ token: jwt.sign({ userId: 'user123' }, JWT_SECRET, { expiresIn: '1h' }) });
});

app.get('/api/todos', authenticate, async (req, res) => {
  const key = `todos:${req.user.userId}`;
  const cached = await redis.get(key);
  if (cached) {
    return res.json(JSON.parse(cached));
  }
  const todos = await Todo.find({ userId: req.user.userId });
  await redis.setEx(key, CACHE_SECONDS, JSON.stringify(todos));
  res.json(todos);
});

app.post('/api/todos', authenticate, async (req, res) => {
  const todo = await Todo.create({ title: req.body.title, userId: req.user.userId });
  await notifications.add('sendEmail', { userId: req.user.userId, todoId: todo._id });
  res.status(201).json(todo);
});

app.use((req, res) => res.status(404).json({ error: 'Not found' }));

async function start() {
  await mongoose.connect(MONGO_URI);
  await redis.connect();
  const server = app.listen(PORT, HOST, () => {
    console.log(`listening on ${HOST}:${server.address().port}`);
  });
}

start();
