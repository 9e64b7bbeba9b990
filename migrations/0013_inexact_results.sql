-- Whether the result has a number that JavaScript does not hold exactly, so that it is shown with other digits: NULL if not.

ALTER TABLE jobs ADD COLUMN result_inexact boolean;
