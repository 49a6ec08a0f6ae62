"""How mails leave the house: made once, sent until the server has them."""
