/** The ruler: the least that an Express route which takes and answers JSON can cost. */
import express from 'express';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.post('/api/jobs', express.json(), (req, res) => {
  res.status(201).json(req.body);
});
app.listen(Number(process.env['PORT']), '127.0.0.1');
