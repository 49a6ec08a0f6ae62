"""What the pages and the command line do with the configuration; `hotline.web.services.Changing` says what each is."""
